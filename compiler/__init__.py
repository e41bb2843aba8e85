"""From source to a plan, and from a plan to files. It knows no target.

The rooms in the order in which a flow goes through them:

    python        source files, what their names stand for, classes; nothing is run
    evaluate      the values of expressions
    decorators    the decorators of flowport, one file each
    imports       what the files of a flow import
    parse         source -> Flow
    check         Flow -> diagnostics
    structure     Flow -> Plan
    lower         Plan -> Plan that an engine can run
    package       Plan -> code package

`ir` has the values that the rooms pass on, `diagnostics` the errors and warnings. A room imports only those above it, `ir` and
`diagnostics`.
"""
