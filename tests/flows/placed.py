"""Steps that say where they run, on AWS Batch and on Kubernetes: sizes, images, queues, memory for temporary files, volumes."""

import tempfile

from metaflow import FlowSpec, batch, current, kubernetes, resources, step


def through_a_file(text):
    """Write a text where temporary files go, and read it again."""
    with tempfile.TemporaryFile("w+", dir=current.tempdir) as file:
        file.write(text)
        file.seek(0)
        return file.read()


class Placed(FlowSpec):
    @batch(
        cpu="0.5",
        memory=512.0,
        gpu=None,
        image="flows:large",
        queue="large",
        iam_role="arn:aws:iam::123456789012:role/large",
        execution_role="arn:aws:iam::123456789012:role/ecs",
        max_swap=0,
        swappiness="10",
        aws_batch_tags={"team": "vision"},
        use_tmpfs=True,
        efa=1,
        trainium=2,
        host_volumes="/data",
        efs_volumes=["fs-0123456789abcdef0:/models"],
        log_driver="awslogs",
        log_options=["awslogs-group:/aws/batch/large"],
        privileged=False,
    )
    @resources(memory=256)
    @step
    def start(self):
        self.text = through_a_file("batch")
        self.words = ["one", "two"]
        self.next(self.word, foreach="words")

    @kubernetes(
        cpu=0.25,
        memory="256",
        image="flows:small",
        image_pull_policy="IfNotPresent",
        image_pull_secrets=["registry"],
        service_account="words",
        secrets="words",
        node_selector="kubernetes.io/os=linux",
        compute_pool="small",
        gpu_vendor="nvidia",
        tolerations=[{"key": "words", "operator": "Exists"}],
        labels={"team": "words"},
        annotations={"note": "two words"},
        tmpfs_size=16,
        tmpfs_path="/words",
        tmpfs_tempdir=False,
        persistent_volume_claims={"word-lists": "/lists"},
        port=8080,
        qos="Guaranteed",
        extended_resources={"example.com/fpga": 1},
        security_context={"run_as_user": 1000, "run_as_non_root": True},
    )
    @step
    def word(self):
        self.length = len(through_a_file(self.input))
        self.next(self.join)

    @batch(queue="joins", memory=300)
    @kubernetes(labels={"kind": "join"}, memory=200)
    @step
    def join(self, inputs):
        self.lengths = [each.length for each in inputs]
        self.merge_artifacts(inputs, include=["text"])
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(self.lengths)
