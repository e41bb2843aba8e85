"""Plan -> Plan that an engine can run: what engines lack, loops as one task, and names that engines accept."""
