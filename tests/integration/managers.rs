//! keyguard beside husky, lefthook, pre-commit and prek, as far as that needs none of them; `tests/managers.sh` tries the
//! real ones.

mod files;
#[cfg(unix)]
mod into;
