"""What two targets ask beyond columns and place: grids belong to a plan, household counts to buildings."""
