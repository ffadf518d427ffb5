"""GitHub, or whatever speaks its API at GITHUB_API_URL. The only package that imports PyGithub, and only when used."""
