"""An Airflow DAG (2.x and 3.x) that runs the nightly job by the command operator.

Every status but 0 and 5 fails the task, which is then tried twice more: safe, since a run that died, or that Airflow
stopped because its task was cleared (143), goes on where it stopped. A failed gate (5) is no reason to retry: the
report is there, somebody should look. `skip_on_exit_code` shows it as skipped, at once; without that line it is tried
three times and then red. Name whom to tell in `default_args`: `on_failure_callback` after the last try,
`on_skipped_callback` for a failed gate (Airflow tells nobody of a skipped task by itself).
"""

from __future__ import annotations

from datetime import datetime, timedelta

try:
    from airflow.providers.standard.operators.bash import BashOperator  # Airflow 3, or 2 with the standard provider
except ImportError:
    from airflow.operators.bash import BashOperator
from airflow import DAG

with DAG(
    dag_id="cxnlp_nightly",
    description="Customer feedback: ratings against words",
    schedule="30 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # the job reads whatever the export holds; there is nothing to run for days gone by
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=15)},
) as dag:
    BashOperator(
        task_id="run",
        bash_command=("cd /srv/cxnlp && exec .venv/bin/cxnlp --log-format json run --config cxnlp.toml --budget 2h "),
        skip_on_exit_code=5,
        append_env=True,
        execution_timeout=timedelta(hours=8),
    )
