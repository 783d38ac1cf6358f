"""How the coordinator bears a cloud that is broken or hostile: real sockets, real TLS."""
