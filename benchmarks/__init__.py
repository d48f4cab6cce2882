"""Speed, measured by ratio in one run: the machine differs, the ratio less so."""
