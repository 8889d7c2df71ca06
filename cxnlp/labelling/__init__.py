"""The analyst's loop: sample rows, label them in a workbook, check, agree, import, find label errors."""
