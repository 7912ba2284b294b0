"""The data desk below the screen: what stewards ask, what they order, and the workbook of refused rows."""
