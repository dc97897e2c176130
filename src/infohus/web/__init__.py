"""What faces the network: who is let in, how errors look, whether we are well. The pages come here too."""
