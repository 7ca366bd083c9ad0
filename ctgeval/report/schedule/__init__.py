"""Bilans at fixed hours: what to give the scheduler of the system, and the run that it starts.

- `when` and `task` say what is started and at what hour; `cron`, `systemd`, `windows`, `kubernetes` and `argo` write it
  as each scheduler reads it, and touch no file; `targets` chooses among them, `install` hands over
- `calendar` tells the dates of the convention, `freshness` the sources that are older than they should be
- `run` makes drafts and nothing else, tells it in `state` (`bilans`) and in `log`, and sends a `summary` by `notify`
"""
