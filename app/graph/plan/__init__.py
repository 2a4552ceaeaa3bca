"""Operations compiled to plans: batched reads level by level, and one generated function a level that builds objects.

`planner` keeps the plans and decides what goes to graphql-core. `compiler` makes a `plan` of an operation: of what is
`selected` it makes `steps`, and of `expressions` their functions, whose `source` tracebacks show. A plan changes how
fast an answer comes and nothing else.
"""
