"""One engine for pages and acts: what a contract, the law and what happened lead to, each answer with its
clause.
"""
