"""The offline EVI as a service of its own: REST, control plane, tokens, faults on demand.

Hume's SDKs, our own set-up and tests speak to it. The page and notebooks need none of it.
"""
