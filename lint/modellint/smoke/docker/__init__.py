"""Engine docker: the real `docker compose` starts the project, with modellint in the place of Docker Model Runner."""
