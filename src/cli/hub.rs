//! The central server's command line.
