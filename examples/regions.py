"""A foreach inside a foreach: every region has stations, and every station has readings.

flowport run examples/regions.py --highest 30
"""

from flowport import FlowSpec, Parameter, step

READINGS = {
    "coast": {"harbour": [14.1, 15.0, 13.8], "lighthouse": [12.9, 13.3]},
    "hills": {"quarry": [9.4, 41.0, 10.2]},
    "desert": {},
}


class RegionsFlow(FlowSpec):
    """Compute the mean temperature of each region, without impossible readings."""

    highest = Parameter("highest", type=float, default=40.0, help="drop readings above this temperature")

    @step
    def start(self):
        """Start one item for each region."""
        self.regions = sorted(READINGS)
        self.next(self.region, foreach="regions")

    @step
    def region(self):
        """Start one item for each station of the region; a region may have no stations."""
        self.stations = sorted(READINGS[self.input])
        self.region_name = self.input
        self.next(self.station, foreach="stations")

    @step
    def station(self):
        """Keep the plausible readings."""
        readings = READINGS[self.region_name][self.input]
        self.kept = [reading for reading in readings if reading <= self.highest]
        self.dropped = len(readings) - len(self.kept)
        self.next(self.region_done)

    @step
    def region_done(self, stations):
        """Compute the mean over the stations of one region."""
        kept = [reading for station in stations for reading in station.kept]
        self.mean = round(sum(kept) / len(kept), 2) if kept else None
        self.dropped = sum(station.dropped for station in stations)
        self.label = self.input
        self.next(self.report)

    @step
    def report(self, regions):
        """Collect the means of all regions."""
        self.means = {region.label: region.mean for region in regions}
        self.dropped = sum(region.dropped for region in regions)
        self.next(self.end)

    @step
    def end(self):
        """Print the means."""
        for name, mean in self.means.items():
            print(f"{name:8} {'no stations' if mean is None else mean}")
        print(f"{self.dropped} readings dropped")


if __name__ == "__main__":
    RegionsFlow()
