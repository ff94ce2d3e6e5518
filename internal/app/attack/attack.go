// Package attack holds tests alone: they point programs with which people look for weaknesses, sqlmap, wapiti and
// hydra, at a whole server that runs, and each of them at something weak beside it, so that finding nothing says
// something. .ci/deps installs the programs. Nothing leaves the machine.
package attack
