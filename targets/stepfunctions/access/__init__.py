"""Who may do what: the policies of the roles of a flow, and who may take them on."""
