"""From releases to published bilans: what to build, run it, set the page, write it whole.

- `plan` lists the bilans and what each is made from; `cases` tells which are out of date and why
- `pool` runs several at a time in worker processes (`worker`), each executing a notebook (`execute`)
- `html` cleans and sets the page; `publish` writes it with its sheet (`manifest`); `site` writes the indexes
"""
