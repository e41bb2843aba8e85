import hashlib
import os

from metaflow import FlowSpec, catch, environment, secrets, step, timeout

HOST = os.getenv("REPORT_HOST", "reports.example.com")


def digest(*names):
    """What tells two values apart without having them."""
    return {name: hashlib.sha256(os.environ[name].encode()).hexdigest()[:12] for name in names}


class SecretVariablesFlow(FlowSpec):
    """Secrets and variables of the environment, in a foreach, with retries, timeouts and caught errors."""

    @secrets(sources=["aws-secrets-manager.prod/database"])
    @environment(
        vars={
            "REPORT_TOKEN": os.environ["REPORT_TOKEN"],
            "REPORT_URL": f"https://{HOST}/{os.environ.get('REPORT_PATH') or 'daily'}",
            "REPORT_LEVEL": os.environ.get("REPORT_LEVEL", "info"),
            "THREADS": 2,
        }
    )
    @step
    def start(self):
        self.seen = digest("user", "pass_word", "REPORT_TOKEN")
        self.url, self.level = os.environ["REPORT_URL"], os.environ["REPORT_LEVEL"]
        self.threads = os.environ["THREADS"]
        self.parts = [1, 2]
        self.next(self.part, foreach="parts")

    @secrets(
        sources=[{"type": "aws-secrets-manager", "id": "api.key", "options": {"json": False, "env_var_name": "API_KEY"}}, "LICENSE"],
    )
    @timeout(minutes=5)
    @step
    def part(self):
        self.found = digest("API_KEY", "LICENSE")
        self.others = "user" in os.environ
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, include=["seen", "url", "level", "threads", "found", "others"])
        self.next(self.risky)

    @catch(var="failure", print_exception=False)
    @secrets(sources=["LICENSE"], allow_override=True)
    @step
    def risky(self):
        if os.environ["LICENSE"]:
            raise ValueError(f"the license has {len(os.environ['LICENSE'])} characters")
        self.next(self.end)

    @step
    def end(self):
        self.failed = str(self.failure)
        self.left = [name for name in ("user", "REPORT_URL", "API_KEY", "LICENSE") if name in os.environ]


if __name__ == "__main__":
    SecretVariablesFlow()
