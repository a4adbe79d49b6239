/* A library that takes over its process: at the first read from standard input it tries one act, named by
   its number in HOSTILE_ACT, and ends the process with status 77 if the act worked. An act that fails leaves
   the process as it was. HOSTILE_FILE names a file that it may try to change, and HOSTILE_PEER a process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKED 77
#define UNKNOWN_ACT 78

static char file[4096];
static char beside[4200];
static long peer;

static long sockets(int domain, int type, int protocol) {
    close(3); /* Frees a descriptor, where the limit on open files would stop the act otherwise. */
    return syscall(SYS_socket, domain, type, protocol);
}
static long child(long made) {
    if (made == 0) syscall(SYS_exit_group, 0);
    if (made > 0) waitpid((pid_t)made, NULL, 0);
    return made;
}
static int nothing(void *unused) { (void)unused; return 0; }
static char stack[65536];
static char *const shell[] = {"/bin/sh", "-c", "exit 77", NULL};
static char *const environment[] = {NULL};

#define ACT(name, expression) static long name(void) { return (long)(expression); }

ACT(udp, sockets(AF_INET, SOCK_DGRAM, 0))
ACT(tcp, sockets(AF_INET, SOCK_STREAM, 0))
ACT(tcp6, sockets(AF_INET6, SOCK_STREAM, 0))
ACT(unix_stream, sockets(AF_UNIX, SOCK_STREAM, 0))
ACT(unix_datagram, sockets(AF_UNIX, SOCK_DGRAM, 0))
ACT(netlink, sockets(AF_NETLINK, SOCK_RAW, 0))
ACT(raw, sockets(AF_INET, SOCK_RAW, 255))
ACT(packet, sockets(AF_PACKET, SOCK_RAW, 0))
static long pair(void) { int two[2]; close(3); return syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, two); }
ACT(fork_libc, child(fork()))
#ifdef SYS_fork
ACT(fork_call, child(syscall(SYS_fork)))
#else
ACT(fork_call, child(fork()))
#endif
ACT(vfork_act, child(vfork()))
ACT(thread, clone(nothing, stack + sizeof stack, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, NULL))
static long clone3_act(void) { unsigned long long args[11] = {0}; args[4] = SIGCHLD; return child(syscall(SYS_clone3, args, sizeof args)); }
ACT(execve_act, syscall(SYS_execve, shell[0], shell, environment))
static long execute_memory(void) {
    close(3);
    long memory = syscall(SYS_memfd_create, "x", 0);
    if (memory < 0) return -1;
    static const char script[] = "#!/bin/sh\nexit 77\n";
    if (write((int)memory, script, sizeof script - 1) < 0) return -1;
    return syscall(SYS_execveat, memory, "", shell, environment, AT_EMPTY_PATH);
}
ACT(memory_file, (close(3), syscall(SYS_memfd_create, "x", 0)))
ACT(open_read, (close(3), syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY)))
ACT(open_folder, (close(3), syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY)))
ACT(open_write, (close(3), syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND)))
ACT(open_create, (close(3), syscall(SYS_openat, AT_FDCWD, beside, O_WRONLY | O_CREAT, 0600)))
static long open_second(void) { struct { unsigned long long flags, mode, resolve; } how = {0}; close(3); return syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &how, sizeof how); }
ACT(unlink_act, syscall(SYS_unlinkat, AT_FDCWD, file, 0))
ACT(rename_act, syscall(SYS_renameat2, AT_FDCWD, file, AT_FDCWD, beside, 0))
ACT(link_act, syscall(SYS_linkat, AT_FDCWD, file, AT_FDCWD, beside, 0))
ACT(symlink_act, syscall(SYS_symlinkat, "/etc/passwd", AT_FDCWD, beside))
ACT(mknod_act, syscall(SYS_mknodat, AT_FDCWD, beside, S_IFIFO | 0600, 0))
ACT(mkdir_act, syscall(SYS_mkdirat, AT_FDCWD, beside, 0700))
ACT(chmod_act, syscall(SYS_fchmodat, AT_FDCWD, file, 0777))
ACT(chown_act, syscall(SYS_fchownat, AT_FDCWD, file, getuid(), getgid(), 0))
static long touch(void) { struct timespec times[2] = {{1, 0}, {1, 0}}; return syscall(SYS_utimensat, AT_FDCWD, file, times, 0); }
ACT(set_attribute, syscall(SYS_setxattr, file, "user.gouji", "x", 1, 0))
ACT(truncate_act, syscall(SYS_truncate, file, 0))
ACT(access_act, syscall(SYS_faccessat, AT_FDCWD, "/etc/shadow", F_OK))
static long stat_act(void) { struct stat found; return syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &found, 0); }
static long statx_act(void) { char found[512]; return syscall(SYS_statx, AT_FDCWD, "/etc/passwd", 0, 0x7ff, found); }
static long read_link(void) { char found[512]; return syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", found, sizeof found); }
static long list_folder(void) { char found[4096]; close(3); int folder = open("/", O_RDONLY | O_DIRECTORY); return folder < 0 ? -1 : syscall(SYS_getdents64, folder, found, sizeof found); }
ACT(change_folder, syscall(SYS_chdir, "/tmp"))
static long file_system(void) { char found[512]; return syscall(SYS_statfs, "/", found); }
static long limits_of_peer(void) { unsigned long limits[2]; return syscall(SYS_prlimit64, peer, 7, NULL, limits); }
static long own_files_limit(void) { unsigned long limits[2]; return syscall(SYS_prlimit64, 0, 7, NULL, limits); }
ACT(priority_of_peer, syscall(SYS_getpriority, 0, peer))
ACT(slow_down_peer, syscall(SYS_setpriority, 0, peer, 19))
ACT(signal_peer, syscall(SYS_kill, peer, 0))
ACT(signal_thread, syscall(SYS_tgkill, peer, peer, 0))
ACT(trace_peer, syscall(SYS_ptrace, 0x4206 /* PTRACE_SEIZE */, peer, 0, 0))
static long read_peer(void) { char got[8]; struct iovec here = {got, 8}, there = {stack, 8}; return syscall(SYS_process_vm_readv, peer, &here, 1, &there, 1, 0); }
ACT(open_peer, (close(3), syscall(SYS_pidfd_open, peer, 0)))
ACT(own_users, syscall(SYS_unshare, CLONE_NEWUSER))
ACT(own_mounts, syscall(SYS_unshare, CLONE_NEWNS))
ACT(join_namespace, syscall(SYS_setns, syscall(SYS_pidfd_open, getpid(), 0), CLONE_NEWUTS))
/* Fails everywhere: outside of a sandbox it would change the machine. */
ACT(mount_act, syscall(SYS_mount, "none", "/gouji-no-such-folder", "tmpfs", 0, NULL))
ACT(chroot_act, syscall(SYS_chroot, "/"))
static long ring(void) { char parameters[120] = {0}; close(3); return syscall(SYS_io_uring_setup, 2, parameters); }
static long bpf_act(void) { char attribute[120] = {0}; *(int *)attribute = 2; ((int *)attribute)[1] = 4; ((int *)attribute)[2] = 4; ((int *)attribute)[3] = 1; close(3); return syscall(SYS_bpf, 0, attribute, sizeof attribute); }
static long counters(void) { char attribute[128] = {0}; ((int *)attribute)[0] = 1; ((int *)attribute)[1] = 128; ((long *)attribute)[1] = 1; close(3); return syscall(SYS_perf_event_open, attribute, 0, -1, -1, 0); }
ACT(page_faults, (close(3), syscall(SYS_userfaultfd, 1)))
ACT(add_key, syscall(SYS_add_key, "user", "gouji", "x", 1, -2))
ACT(own_keyring, syscall(SYS_keyctl, 0, -2, 1))
/* These outlive their process, so each is removed again; 0 is IPC_RMID. */
static long shared_memory(void) { long made = syscall(SYS_shmget, 0, 4096, 01600); if (made >= 0) syscall(SYS_shmctl, made, 0, NULL); return made; }
static long message_queue(void) { long made = syscall(SYS_msgget, 0, 01600); if (made >= 0) syscall(SYS_msgctl, made, 0, NULL); return made; }
static long semaphores(void) { long made = syscall(SYS_semget, 0, 1, 01600); if (made >= 0) syscall(SYS_semctl, made, 0, 0, 0); return made; }
static long posix_queue(void) { close(3); long made = syscall(SYS_mq_open, "gouji-hostile", O_RDONLY | O_CREAT, 0600, NULL); if (made >= 0) syscall(SYS_mq_unlink, "gouji-hostile"); return made; }
ACT(watch_files, (close(3), syscall(SYS_inotify_init1, 0)))
ACT(watch_all_files, (close(3), syscall(SYS_fanotify_init, 0, 0)))
static long ioctl_act(void) { int waiting; return syscall(SYS_ioctl, 0, FIONREAD, &waiting); }
ACT(copy_descriptor, (close(3), syscall(SYS_fcntl, 0, F_DUPFD, 0)))
ACT(duplicate, (close(3), syscall(SYS_dup, 0)))
static long pipe_act(void) { int two[2]; close(3); close(2); return syscall(SYS_pipe2, two, 0); }
ACT(event_file, (close(3), syscall(SYS_eventfd2, 0, 0)))
ACT(poll_file, (close(3), syscall(SYS_epoll_create1, 0)))
ACT(timer_file, (close(3), syscall(SYS_timerfd_create, 0, 0)))
ACT(signal_file, (close(3), syscall(SYS_signalfd4, -1, stack, 8, 0)))
ACT(personality_act, syscall(SYS_personality, 0xffffffff))
ACT(become_user, syscall(SYS_setuid, getuid()))
ACT(become_leader, syscall(SYS_setpgid, 0, 0))
ACT(be_traceable, syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0))
static long run_memory(void) { void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); return page == MAP_FAILED ? -1 : 0; }
static long make_runnable(void) { void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); return mprotect(page, 4096, PROT_READ | PROT_EXEC); }
static long map_file(void) { void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0); return page == MAP_FAILED ? -1 : 0; }
static long sleep_act(void) { struct timespec moment = {0, 1}; return syscall(SYS_clock_nanosleep, 0, 0, &moment, NULL); }
static long machine(void) { char found[512]; return syscall(SYS_uname, found); }
static long load(void) { char found[256]; return syscall(SYS_sysinfo, found); }
static long send_on_pipe(void) { struct iovec part = {stack, 1}; return syscall(SYS_vmsplice, 1, &part, 1, 0); }
static long cores(void) { unsigned long mask[16]; return syscall(SYS_sched_getaffinity, peer, sizeof mask, mask); }
static long lock_memory(void) { return syscall(SYS_mlock, stack, 4096); }
static long quiet_signals_of_group(void) { return syscall(SYS_kill, -1, 0); }

static long (*const acts[])(void) = {
    udp, tcp, tcp6, unix_stream, unix_datagram, netlink, raw, packet, pair, fork_libc, fork_call, vfork_act,
    thread, clone3_act, execve_act, execute_memory, memory_file, open_read, open_folder, open_write,
    open_create, open_second, unlink_act, rename_act, link_act, symlink_act, mknod_act, mkdir_act, chmod_act,
    chown_act, touch, set_attribute, truncate_act, access_act, stat_act, statx_act, read_link, list_folder,
    change_folder, file_system, limits_of_peer, own_files_limit, priority_of_peer, slow_down_peer,
    signal_peer, signal_thread, trace_peer, read_peer, open_peer, own_users, own_mounts, join_namespace,
    mount_act, chroot_act, ring, bpf_act, counters, page_faults, add_key, own_keyring, shared_memory,
    message_queue, semaphores, posix_queue, watch_files, watch_all_files, ioctl_act, copy_descriptor,
    duplicate, pipe_act, event_file, poll_file, timer_file, signal_file, personality_act, become_user,
    become_leader, be_traceable, run_memory, make_runnable, map_file, sleep_act, machine, load, send_on_pipe,
    cores, lock_memory, quiet_signals_of_group,
};

static void act(void) {
    const char *number = getenv("HOSTILE_ACT");
    unsigned long wanted = number ? strtoul(number, NULL, 10) : 0;
    if (wanted >= sizeof acts / sizeof *acts) syscall(SYS_exit_group, UNKNOWN_ACT);
    if (acts[wanted]() >= 0) syscall(SYS_exit_group, WORKED);
}

/* Before the process confines itself, so that only the act itself is judged. */
__attribute__((constructor)) static void prepare(void) {
    const char *name = getenv("HOSTILE_FILE"), *process = getenv("HOSTILE_PEER");
    snprintf(file, sizeof file, "%s", name ? name : "/nonexistent");
    snprintf(beside, sizeof beside, "%s.beside", file);
    peer = process ? strtol(process, NULL, 10) : 1;
}

ssize_t read(int descriptor, void *buffer, size_t length) {
    static int acted;
    if (descriptor == 0 && !acted) {
        acted = 1;
        act();
    }
    return syscall(SYS_read, descriptor, buffer, length);
}
