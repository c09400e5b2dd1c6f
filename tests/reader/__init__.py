"""A real PC/SC service with a virtual reader, and whatever talks to cards through it.

For a test, the fixture `virtual_reader` of `conftest.py`; for anything else (a browser test, a script) the plain context managers of
`stack.py`, which need no fixture and leave nothing behind:

    with virtual_reader() as reader, running_agent(folder, "--pcsc", "--origin", origin, environment=reader.environment) as agent:
        reader.insert(card)          # an EmulatedCard, or the path of an image; returns when the service has seen it
        ...                          # pair with agent.code, then send steps to agent.address
        reader.remove()              # returns when the service has seen that, too

Debian packages: pcscd, vsmartcard-vpcd. Without them these tests fail and say so.
"""
