//! Black-box tests: the built program and real git, in sealed repositories; stdout, stderr and exit code compared.

mod architecture;
mod guard;
mod install;
mod leak;
mod report;
mod sandbox;
mod scan;
