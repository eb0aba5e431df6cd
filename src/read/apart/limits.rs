//! What a process that decodes may not do.
//!
//! In:  this process, before it reads a byte of a scene. Out: the same process, limited for ever.
//! Law: it reads files and answers, nothing else: it writes, renames and removes no file, opens no connection, starts no
//!      process and no thread, signals nobody, gains no rights, and has bounds of memory, processor time and open files. Where the
//!      system cannot hold it to that, it does not listen. What it reads is not bounded: it has no way to tell it to anybody but
//!      as numbers of a scene.
//! Source: getrlimit(2), seccomp(2); numbers of calls by `libc`.

use std::collections::BTreeMap;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

/// Largest address space in bytes: a block of 256 MiB several times over, and libraries.
const ADDRESSES: u64 = 2 << 30;
/// Most open files: those that are kept open, and those of libraries.
const FILES: u64 = 256;

/// Calls that no decoder needs.
const NEVER: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_setsid,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_truncate,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_openat2,
    libc::SYS_open_by_handle_at,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
];

/// The same by the names that older processors have besides.
#[cfg(target_arch = "x86_64")]
const NEVER_OF_OLD: &[i64] = &[
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_mknod,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_creat,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const NEVER_OF_OLD: &[i64] = &[];

/// Calls that only a decoder needs which asks object storage, and whose libraries ask in threads.
const NETWORK: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_clone,
    libc::SYS_clone3,
];
#[cfg(target_arch = "x86_64")]
const PROCESSES_OF_OLD: &[i64] = &[libc::SYS_fork, libc::SYS_vfork];
#[cfg(not(target_arch = "x86_64"))]
const PROCESSES_OF_OLD: &[i64] = &[];

/// Where `open` has its flags, by the call.
#[cfg(target_arch = "x86_64")]
const OPENING: &[(i64, u8)] = &[(libc::SYS_openat, 2), (libc::SYS_open, 1)];
#[cfg(not(target_arch = "x86_64"))]
const OPENING: &[(i64, u8)] = &[(libc::SYS_openat, 2)];

/// Limits this process for ever.
///
/// # Errors
/// What the system refuses, in words.
pub(super) fn limit(is_network: bool) -> Result<(), String> {
    bound(Resource::Core, 0)?;
    bound(Resource::As, ADDRESSES)?;
    bound(Resource::Nofile, FILES)?;
    bound(Resource::Fsize, 0)?;
    let program = program(is_network).map_err(|error| format!("rules for system calls: {error}"))?;
    apply_filter(&program).map_err(|error| format!("rules for system calls: {error}"))
}

/// Lowers a bound; one that is lower already stays.
fn bound(resource: Resource, to: u64) -> Result<(), String> {
    let lower = getrlimit(resource).maximum.map_or(to, |now| now.min(to));
    let limit = Rlimit { current: Some(lower), maximum: Some(lower) };
    setrlimit(resource, limit).map_err(|error| format!("{resource:?} of {lower}: {error}"))
}

/// From now on this process may use so many seconds of processor time, also when nobody waits for it any more.
pub(super) fn processor(seconds: u64) {
    let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec.unsigned_abs();
    let most = getrlimit(Resource::Cpu).maximum;
    let until = used + seconds + 1;
    let limit = Rlimit { current: Some(most.map_or(until, |most| most.min(until))), maximum: most };
    // The run waits no longer than that in any case.
    let _ = setrlimit(Resource::Cpu, limit);
}

fn program(is_network: bool) -> Result<BpfProgram, Box<dyn std::error::Error>> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    let beside = if is_network { [&[][..], &[]] } else { [NETWORK, PROCESSES_OF_OLD] };
    rules.extend([NEVER, NEVER_OF_OLD].into_iter().chain(beside).flatten().map(|call| (*call, Vec::new())));
    for (call, flags) in OPENING {
        rules.insert(*call, writing(*flags)?);
    }
    // The limits of others; its own it may only lower.
    let other = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, 0)?;
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![other])?]);
    // A process may end itself: so do decoders that give up.
    let own = u64::from(std::process::id());
    let other = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, own)?;
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![other])?]);
    let refused = SeccompAction::Errno(libc::EACCES.unsigned_abs());
    let here = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, SeccompAction::Allow, refused, here)?.try_into()?)
}

/// Opening to write, to make or to empty a file.
fn writing(flags: u8) -> Result<Vec<SeccompRule>, Box<dyn std::error::Error>> {
    let is = |mask: i32, value: i32| -> Result<SeccompRule, Box<dyn std::error::Error>> {
        let operator = SeccompCmpOp::MaskedEq(u64::from(mask.unsigned_abs()));
        let value = u64::from(value.unsigned_abs());
        let condition = SeccompCondition::new(flags, SeccompCmpArgLen::Dword, operator, value)?;
        Ok(SeccompRule::new(vec![condition])?)
    };
    [
        (libc::O_ACCMODE, libc::O_WRONLY),
        (libc::O_ACCMODE, libc::O_RDWR),
        (libc::O_CREAT, libc::O_CREAT),
        (libc::O_TRUNC, libc::O_TRUNC),
    ]
    .into_iter()
    .map(|(mask, value)| is(mask, value))
    .collect()
}
