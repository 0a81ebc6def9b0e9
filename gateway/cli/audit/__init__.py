"""Commands of auditors: `avatar-gateway audit …`."""
