"""Flow -> Plan: the graph becomes blocks inside blocks."""
