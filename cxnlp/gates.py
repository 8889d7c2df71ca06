"""Gates: what must hold for a night to count as good, and for rows gone from the export to be deleted."""

from __future__ import annotations

from cxnlp.analysis.summary import Summary
from cxnlp.config import GatesConfig
from cxnlp.nightly import RunRecord

#: In a smaller store any share may be deleted.
LEAST_RECORDS = 50


def may_delete(gates: GatesConfig, gone: int, before: int) -> bool:
    """Tell whether so many records may be deleted in one night, of those that the store held before it."""
    return before < LEAST_RECORDS or gone <= gates.max_deleted_share * before


def failed_gates(gates: GatesConfig, record: RunRecord, summary: Summary) -> list[str]:
    """Return a sentence for each gate that failed, with what was found and what was asked for."""
    failed = []
    if gates.max_rejected_share is not None and record.rows_read:
        share = record.rejected / record.rows_read
        if share > gates.max_rejected_share:
            failed.append(
                f"max_rejected_share: {record.rejected:,} of {record.rows_read:,} rows were set aside "
                f"({share:.1%}), at most {gates.max_rejected_share:.1%} allowed"
            )
    if record.records_spared:
        failed.append(
            f"max_deleted_share: {record.records_spared:,} of {record.records_before:,} records are gone from the "
            f"export ({record.records_spared / record.records_before:.1%}), at most {gates.max_deleted_share:.1%} are "
            f"deleted in one night: nothing was deleted; mend the export, or raise [gates] max_deleted_share for one "
            f"night to delete them"
        )
    if gates.min_new_rows is not None and record.rows_fresh < gates.min_new_rows:
        failed.append(
            f"min_new_rows: {record.rows_fresh:,} rows are new since the last good run of an earlier day, "
            f"at least {gates.min_new_rows:,} expected"
        )
    unsure = summary.blind_spots.unsure
    if gates.max_unsure_share is not None and unsure.value is not None and unsure.value > gates.max_unsure_share:
        failed.append(
            f"max_unsure_share: the model is unsure of {unsure.value:.1%} of the texts, "
            f"at most {gates.max_unsure_share:.1%} allowed"
        )
    if gates.max_drift is not None:
        failed += [
            f"max_drift: {drift.name} drifted by {drift.index:.2f} (population stability index), "
            f"at most {gates.max_drift:.2f} allowed"
            for drift in summary.trust.drift
            if drift.index > max(gates.max_drift, drift.chance)
        ]
    if gates.max_training_drift is not None:
        failed += [
            f"max_training_drift: {name} of the last four weeks lies {index:.2f} from what the model was trained on "
            f"(population stability index), at most {gates.max_training_drift:.2f} allowed"
            for name, index in record.training_drift.items()
            if index > gates.max_training_drift
        ]
    if gates.fail_on_alert and summary.warnings:
        failed.append(f"fail_on_alert: {len(summary.warnings)} early warnings")
    return failed
