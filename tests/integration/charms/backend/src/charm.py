"""Stands for the charms of database, message bus and cache, of which only integrations count."""

import hook

if __name__ == "__main__":
    hook.status("active", "Unit is ready")
