"""The static form of a Space: a page that needs no kernel, and the tables that stand for one."""
