"""Which target asks for which steps, when a load begins and when it is taken back."""

from __future__ import annotations

import psycopg

from commandcenter.city import City
from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.governance import plan_store
from ingest.governance.grid_plan import GridPlan, take_plan_back
from ingest.governance.household_register import HouseholdRegister, let_buildings_go, take_links_back
from ingest.governance.target_work import TargetWork


def target_work_of(connection: psycopg.Connection, mapping: Mapping, city: City) -> TargetWork:
    """The steps of a mapping's target, ready for one delivery. Raises BadInput where the mapping cannot be of this city's database."""
    if mapping.target == "grid":
        return GridPlan(connection, mapping, city)
    if mapping.target == "household_count":
        return HouseholdRegister(connection, mapping, city)
    return TargetWork()


def before_take_back(connection: psycopg.Connection, target: str, source: str, run_id: int) -> None:
    """What must happen before a run's rows are taken back. Raises BadInput where a later run hinders it."""
    if target == "grid":
        later = plan_store.later_publication(connection, source, run_id)
        if later is not None:
            raise BadInput(
                Text(f"第 {later} 次导入之后发布了该方案，请先撤回它。", f"Run {later} published the plan afterwards: withdraw that one first.")
            )
    elif target == "household_count":
        let_buildings_go(connection, run_id)


def after_take_back(connection: psycopg.Connection, target: str, run_id: int) -> None:
    """What must happen after a run's rows were taken back."""
    if target == "grid":
        take_plan_back(connection, run_id)
    elif target == "household_count":
        take_links_back(connection, run_id)
