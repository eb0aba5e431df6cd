//! What kind of disk a ledger lies on: a log of its own beside the file needs memory that all who write share.
//!
//! In:  a path, and the mounts of this machine. Out: the way of SQLite to keep what is not yet written.
//! Law: on a disk of another machine no write-ahead log is used; there two machines would lose each other's pages.
//! Source: <https://www.sqlite.org/wal.html>: "WAL does not work over a network filesystem"; proc(5), mountinfo.

use std::path::Path;

/// Disks of other machines, as the kernel calls them. `9p` and `drvfs` are what a Linux inside Windows sees of Windows.
const DISTANT: [&str; 13] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "drvfs",
    "afs",
    "ceph",
    "glusterfs",
    "fuse.sshfs",
    "fuse.glusterfs",
    "fuse.rclone",
];

/// `WAL` on a disk of this machine, `DELETE` elsewhere.
pub(super) fn journal(path: &Path) -> &'static str {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if is_distant(&mounts, &real) { "DELETE" } else { "WAL" }
}

/// Whether the last mount that holds a path is of another machine.
fn is_distant(mounts: &str, path: &Path) -> bool {
    let mounted = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let place = place.split(' ').nth(4)?.replace("\\040", " ");
        let kind = kind.split(' ').next()?;
        path.starts_with(&place).then_some((place.len(), kind))
    });
    // Of two mounts at one place the later one is seen.
    let holds = mounted.fold(None, |best: Option<(usize, &str)>, one| match best {
        Some(best) if best.0 > one.0 => Some(best),
        _ => Some(one),
    });
    holds.is_some_and(|(_, kind)| DISTANT.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_another_machine_is_told_from_a_disk_of_this_one() {
        let mounts = "23 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
            60 23 0:50 / /mnt/office\\040share rw - cifs //server/share rw\n\
            61 23 0:51 / /mnt/both rw - nfs4 server:/x rw\n62 23 0:52 / /mnt/both rw - tmpfs none rw\n";
        let distant = |path: &str| is_distant(mounts, Path::new(path));
        assert!(distant("/mnt/office share/ledger.gpkg"));
        assert!(!distant("/mnt/office/ledger.gpkg") && !distant("/srv/ledger.gpkg"));
        assert!(!distant("/mnt/both/ledger.gpkg"));
        assert!(!is_distant("", Path::new("/srv/ledger.gpkg")));
    }
}
