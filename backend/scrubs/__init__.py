"""Looking whether what is sealed for a person outside of vaults still opens."""
