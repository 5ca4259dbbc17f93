#!/bin/sh
# The first process of the cluster's own world: private mounts, own cgroup v1 mounts, and stand-in files over the
# three machine-wide sysctls that a kubelet writes. Everything it mounts ends with it.  usage: namespace.sh STATE
set -e
state=$1
mount --make-rprivate /
mount -t proc proc /proc
if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
  controllers=$(awk '$2 > 0 && $4 == 1 {print $1}' /proc/cgroups)
  umount -R /sys/fs/cgroup
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  for controller in $controllers; do
    mkdir "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" 2>/dev/null || rmdir "/sys/fs/cgroup/$controller"
  done
  mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
fi
# What the runtime and the kubelet leave in fixed places stays in here.
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=755 log /var/log
for folder in /var/lib/cni /var/lib/kubelet; do
  mkdir -p "$folder"
  mount -t tmpfs -o mode=755 "${folder##*/}" "$folder"
done
cd "$state/sysctl"
echo 1 >overcommit; mount --bind overcommit /proc/sys/vm/overcommit_memory
echo 10 >panic; mount --bind panic /proc/sys/kernel/panic
echo 1 >oops; mount --bind oops /proc/sys/kernel/panic_on_oops
cd /
mount --make-rshared /
ip link set lo up
ip address add 10.87.0.1/32 dev lo
ip route add 10.96.0.0/16 dev lo
echo 1 >/proc/sys/net/ipv4/ip_forward
touch "$state/run/ready"
sleep infinity &
wait
