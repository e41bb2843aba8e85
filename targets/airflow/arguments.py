"""Which arguments of Airflow's tasks can stand in `default_args`, where a profile has texts, numbers, lists, tables and dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.record import replace

FLOWPORT = (
    *("task_id", "environment", "env_vars", "cmds", "command", "container_overrides", "overrides", "do_xcom_push", "pre_execute"),
    *("dag", "task_group", "params", "default_args", "multiple_outputs", "map_index_template", "retry_strategy"),
    *("retrieve_output", "retrieve_output_path", "skip_on_exit_code", "wait_for_completion", "arguments", "entrypoint", "job_id"),
    *("render_template_as_native_obj", "trigger_rule"),
    *("array_properties", "node_overrides", "ecs_properties_override", "eks_properties_override"),
)
"""Arguments of tasks that flowport sets, or that would break how it starts a step."""

DURATIONS = {"execution_timeout": "@timeout", "retry_delay": "@retry", "max_retry_delay": "@retry"}
"""Arguments of tasks that are times, and the decorator that says them."""

FUNCTIONS = (
    *("on_execute_callback", "on_failure_callback", "on_success_callback", "on_retry_callback", "on_skipped_callback"),
    *("post_execute", "retry_policy", "callbacks", "progress_callback", "log_formatter", "waiters"),
)
"""Arguments that are functions or classes."""

OBJECTS = (
    *("sla", "awslogs_fetch_interval", "inlets", "outlets"),
    *("ports", "volume_mounts", "volumes", "env_from", "secrets", "host_aliases", "dns_config", "full_pod_spec"),
    *("init_containers", "pod_runtime_info_envs", "container_resources", "device_requests", "ulimits"),
)
"""Arguments that are objects of Python: durations, assets, and Kubernetes' and Docker's own, which the operators do not make of tables."""

COMMON = (
    *("owner", "email", "email_on_retry", "email_on_failure", "retries", "retry_exponential_backoff", "start_date", "end_date"),
    *("depends_on_past", "ignore_first_depends_on_past", "wait_for_past_depends_before_skipping", "wait_for_downstream"),
    *("priority_weight", "weight_rule", "queue", "pool", "pool_slots", "resources", "run_as_user"),
    *("max_active_tis_per_dag", "max_active_tis_per_dagrun", "executor", "executor_config"),
    *("doc", "doc_md", "doc_json", "doc_yaml", "doc_rst", "task_display_name", "logger_name", "allow_nested_operators"),
)
"""What every task takes (`BaseOperator` of Airflow 2.10 to 3.3)."""

AWS = ("aws_conn_id", "region_name", "verify", "botocore_config", "deferrable")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "kubernetes": (
        *("kubernetes_conn_id", "namespace", "image", "name", "random_name_suffix", "in_cluster", "cluster_context", "config_file"),
        *("labels", "annotations", "reattach_on_restart", "durable", "startup_timeout_seconds", "startup_check_interval_seconds"),
        *("schedule_timeout_seconds", "get_logs", "base_container_name", "base_container_status_polling_interval"),
        *("init_container_logs", "container_logs", "image_pull_policy", "image_pull_secrets", "affinity", "tolerations"),
        *("runtime_class_name", "node_selector", "service_account_name", "automount_service_account_token", "hostnetwork"),
        *("security_context", "container_security_context", "xcom_sidecar_container_security_context", "dnspolicy", "hostname"),
        *("subdomain", "schedulername", "log_events_on_failure", "log_events_on_startup", "pod_template_file", "pod_template_dict"),
        *("priority_class_name", "termination_grace_period", "configmaps", "deferrable", "poll_interval"),
        *("log_pod_spec_on_failure", "on_finish_action", "on_kill_action", "is_delete_operator_pod", "termination_message_policy"),
        *("active_deadline_seconds", "logging_interval", "trigger_kwargs", "container_name_log_prefix_enabled"),
    ),
    "docker": (
        *("image", "api_version", "container_name", "cpus", "docker_url", "private_environment", "env_file", "force_pull"),
        *("mem_limit", "host_tmp_dir", "network_mode", "tls_ca_cert", "tls_client_cert", "tls_client_key", "tls_verify"),
        *("tls_hostname", "tls_ssl_version", "mount_tmp_dir", "tmp_dir", "user", "mounts", "working_dir", "xcom_all"),
        *("docker_conn_id", "dns", "dns_search", "auto_remove", "shm_size", "tty", "hostname", "privileged", "cap_add"),
        *("extra_hosts", "timeout", "log_opts_max_size", "log_opts_max_file", "ipc_mode", "port_bindings", "labels"),
    ),
    "batch": (
        *AWS,
        *("job_name", "job_definition", "job_queue", "share_identifier", "scheduling_priority_override", "parameters", "max_retries"),
        *("status_retries", "tags", "poll_interval", "awslogs_enabled", "submit_job_timeout"),
    ),
    "ecs": (
        *AWS,
        *("task_definition", "cluster", "launch_type", "capacity_provider_strategy", "volume_configurations", "group"),
        *("placement_constraints", "placement_strategy", "platform_version", "network_configuration", "tags", "awslogs_group"),
        *("awslogs_region", "awslogs_stream_prefix", "container_name", "propagate_tags", "quota_retry", "reattach"),
        *("number_logs_exception", "waiter_delay", "waiter_max_attempts", "stop_task_on_failure"),
    ),
    "local": (),
}
"""What the operator of each kind of compute takes besides (its provider's newest release in November 2026)."""


def argument_problems(arguments: Mapping[str, object], compute: str) -> Iterator[Diagnostic]:
    """Arguments that cannot stand in `default_args`, the first with all that can."""
    known = (*COMMON, *OPERATORS[compute])
    there = f"tasks on {compute} take {', '.join(f'`{name}`' for name in sorted(known))}"
    for number, problem in enumerate(_problems(arguments, compute, known)):
        yield problem if number else replace(problem, notes=(there,))


def _problems(arguments: Mapping[str, object], compute: str, known: tuple[str, ...]) -> Iterator[Diagnostic]:
    """What is wrong; an argument that no task is known to take is a warning, as a newer provider may know more."""
    for name, value in arguments.items():
        if name in FLOWPORT:
            yield _refused(f"`default_args` has `{name}`, which flowport sets for every task", f"leave `{name}` out")
        elif name in DURATIONS:
            yield _refused(f"`default_args` has `{name}`, a duration, which TOML does not have", f"write {DURATIONS[name]} on the steps")
        elif name in FUNCTIONS:
            message = f"`default_args` has `{name}`, which has to be Python code, and a setting is data"
            yield _refused(message, f"leave `{name}` out; a listener or a cluster policy of your Airflow can do it for all DAGs")
        elif name in OBJECTS:
            message = f"`default_args` has `{name}`, which has to be an object of Python, and a setting is data"
            yield _refused(message, f"leave `{name}` out" + ("; a `pod_template_file` may have it" if compute == "kubernetes" else ""))
        elif (kind := type(value).__name__) in ("date", "time"):
            message = f"`default_args` has the {kind} `{value}` for `{name}`, and Airflow takes dates with times only"
            yield _refused(message, "write `2026-01-31T00:00:00Z`")
        elif name not in known:
            message = f"`default_args` has `{name}`, which no task on {compute} is known to take; Airflow ignores such an argument"
            yield Diagnostic("FP406", message, help=did_you_mean(name, known) or (f"leave `{name}` out",), severity="warning")


def _refused(message: str, way_out: str) -> Diagnostic:
    return Diagnostic("FP406", message, help=(way_out,))
