# Runs a program as a container engine does: as process 1 of a namespace, as the user of the image, with a read-only root.
# The arguments are the root, a folder whose subfolders data, conf.d and cache are mounted, the user and the program.
set -eu
root=$1 site=$2 user=$3
shift 3
# The PATH is that of the image.
chroot=$(PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v chroot)
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind "$site/conf.d" "$root/etc/wazo-confgend/conf.d"
mount --bind "$site/cache" "$root/var/cache/wazo-confgend"
mount --bind "$site/data" "$root/srv"
for folder in / /etc/wazo-confgend/conf.d /srv; do
    mount -o remount,bind,ro "$root$folder"
done
exec "$chroot" --userspec="$user" "$root" "$@"
