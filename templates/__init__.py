"""The texts that nb2space fills in: a Space's files, and the page that its viewers see."""
