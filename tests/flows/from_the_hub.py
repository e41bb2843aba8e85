"""Repositories of the Hugging Face Hub, from a stand-in for its library: downloaded once, loaded as models, and before a step begins."""

import os
import sys
import types

from flowport import FlowSpec, current, huggingface_hub, model, step

DOWNLOADS = []
HUB = types.ModuleType("huggingface_hub")


def snapshot_download(repo_id, local_dir, **more):
    DOWNLOADS.append(repo_id)
    os.makedirs(os.path.join(local_dir, "weights"))
    with open(os.path.join(local_dir, "weights", "one.txt"), "w") as file:
        file.write(f"weights of {repo_id}")
    return local_dir


HUB.snapshot_download = snapshot_download
sys.modules["huggingface_hub"] = HUB


def weights(folder):
    with open(os.path.join(folder, "weights", "one.txt")) as file:
        return file.read()


class FromTheHub(FlowSpec):
    @huggingface_hub(cache_scope="flow")
    @step
    def start(self):
        self.base = current.huggingface_hub.snapshot_download(repo_id="org/base")
        again = current.huggingface_hub.snapshot_download(repo_id="org/base")
        with current.huggingface_hub.load(repo_id="org/base") as path:
            self.read = weights(path)
        self.downloads = [*DOWNLOADS], again["key"] == self.base["key"]
        self.names = ["one", "two"]
        self.next(self.each, foreach="names")

    @huggingface_hub(load=["org/base", {"repo_id": "org/other", "revision": "v1"}], cache_scope="flow")
    @step
    def each(self):
        loaded = current.huggingface_hub.loaded
        self.seen = [weights(loaded["org/base"]), weights(loaded["org/other"])], "org/base" in DOWNLOADS
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.all_seen = [one.seen for one in inputs]
        self.merge_artifacts(inputs, include=["base", "read", "downloads"])
        self.next(self.end)

    @model(load="base")
    @step
    def end(self):
        self.as_model = weights(current.model.loaded["base"])
        self.base = None  # which differs from store to store


if __name__ == "__main__":
    FromTheHub()
