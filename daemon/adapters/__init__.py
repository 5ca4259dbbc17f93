"""The world outside: each adapter implements a port and translates foreign errors at its border."""
