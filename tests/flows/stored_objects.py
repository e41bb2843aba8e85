"""Steps that share objects of their run with `S3`, as flows for Metaflow do."""

from tempfile import NamedTemporaryFile

from metaflow import S3, FlowSpec, step
from metaflow.plugins.datatools.s3 import MetaflowS3NotFound, MetaflowS3URLException, S3GetObject, S3PutObject


class StoredObjects(FlowSpec):
    @step
    def start(self):
        self.regions = ["north", "south", "ü / %20"]
        with S3(run=self) as s3:
            url = s3.put("config/limits.json", '{"most": 3}', content_type="application/json", metadata={"by": "start"})
            self.written = s3.put_many([("raw/a.txt", "alpha"), S3PutObject("raw/b.txt", value=b"beta"), ("raw/c/d.txt", "ü")])
            s3.put("raw/a.txt", "not written", overwrite=False)
            self.written = [key for key, _ in self.written]
        with S3() as s3:
            self.by_url = s3.get(url).text
        self.next(self.region, foreach="regions")

    @step
    def region(self):
        with S3(run=self) as s3:
            limits = s3.info("config/limits.json")
            self.known = limits.content_type, limits.metadata, limits.size, limits.downloaded
            s3.put(f"regions/{self.index}/name.txt", self.input)
            with NamedTemporaryFile("w", encoding="utf-8") as file:
                file.write(self.input.upper())
                file.flush()
                s3.put_files([(f"regions/{self.index}/upper.txt", file.name)])
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.known = [each.known for each in inputs]
        self.written, self.by_url = inputs[0].written, inputs[0].by_url
        with S3(run=self) as s3:
            self.regions = [(found.key, found.text) for found in s3.get_recursive(["regions"])]
            self.names = [found.text for found in s3.get_many([f"regions/{number}/name.txt" for number in (2, 0, 1)])]
            self.all = sorted(found.key for found in s3.get_all())
            self.paths = [(found.key, found.exists, found.size) for found in s3.list_paths(["raw"])]
            self.leaves = [(found.key, found.exists, found.size) for found in s3.list_recursive(["raw"])]
            part = s3.get(S3GetObject("raw/a.txt", 1, 3))
            self.part = part.text, tuple(part.range_info)
        self.next(self.end)

    @step
    def end(self):
        with S3(run=self) as s3:
            absent = s3.get_many(["raw/b.txt", "raw/e.txt"], return_missing=True)
            self.absent = [(found.key, found.exists, found.downloaded, found.blob) for found in absent]
            self.errors = []
            for ask in (lambda: s3.get("raw/e.txt"), lambda: s3.get("s3://elsewhere/raw")):
                try:
                    ask()
                except (MetaflowS3NotFound, MetaflowS3URLException) as error:
                    self.errors.append(type(error).__name__)


if __name__ == "__main__":
    StoredObjects()
