try:  # Airflow 3
    from airflow.timetables.assets import AssetOrTimeSchedule
except ImportError:  # Airflow 2
    from airflow.timetables.datasets import DatasetOrTimeSchedule


def either(timetable, assets):
    """A run at each time, and one when all of the assets have changed."""
    if "AssetOrTimeSchedule" in globals():
        return AssetOrTimeSchedule(timetable=timetable, assets=assets)
    return DatasetOrTimeSchedule(timetable=timetable, datasets=assets)
