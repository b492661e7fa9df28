//! (room capture)
