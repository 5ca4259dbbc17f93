"""What the kubelet and the controllers report: each fact with its subject, its time and its cause."""
