"""Operations compiled to plans: batched reads level by level, and one function a level that shapes documents.

`compiler` turns an operation into `steps`; `shape` writes their functions; `planner` keeps the plans and decides what
has to go to graphql-core. It changes speed and nothing else.
"""
