"""The portal's own backup (sauvegarde du portail), its rehearsal, and the life of its keys."""
