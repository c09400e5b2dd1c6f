"""The city's keys in a token behind PKCS#11 (OASIS PKCS #11 v2.40): masters that no program can take out, asked by their handles."""
