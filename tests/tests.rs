//! The integration tests of minewall, in one binary.

mod cli; // the commands as a person runs them, except `run`: replay, check, check-config, lists, rules print, help
mod corpus; // every case of the catalogue: its capture, its records, and that each dialect has its share
mod day; // a day at a school, made up, against what minewall tells of it
mod laws; // what holds for every conversation of the catalogue, however it is sent
mod manual; // the manual is true: settings, command lines, links
mod openwrt; // the package for OpenWrt: made by stand-ins, installed under real busybox
mod path; // the real program inline on the gateway of the lab: what hosts, servers and the kernel see
mod report; // reports and notices, looked at in a real browser
mod tidy; // the house rules
mod update; // lists that are fetched: guards, generations, damage
