/* The files below a folder; see walk.h. Folders wait in a list, not on the stack: depth is the choice of the input. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/context.h"
#include "read/walk.h"

typedef struct {
    sheaf_i_files *f;
    const char *root;
    sheaf_str name, prefix;
    const char **folders;      /* relative paths yet to be read; "" is the root */
    int64_t n_folders, room;
    char *real_root;
} walk;

/* "a" and "b" -> "a/b"; an empty `a` -> "b". */
static char *join(sheaf_i_arena *a, sheaf_str left, const char *right)
{
    size_t n = strlen(right);
    bool bare = left.n == 0, slash = !bare && left.p[left.n - 1] != '/';
    char *p = sheaf_i_arena_take(a, left.n + slash + n + 1, 1);
    if (!p) return NULL;
    if (!bare) memcpy(p, left.p, left.n);
    if (slash) p[left.n] = '/';
    memcpy(p + left.n + slash, right, n + 1);
    return p;
}

static sheaf_str as_str(const char *s) { return (sheaf_str){s, strlen(s)}; }

sheaf_str sheaf_i_first_folder(sheaf_str path, sheaf_str otherwise)
{
    const char *slash = path.n ? memchr(path.p, '/', path.n) : NULL;
    return slash ? (sheaf_str){path.p, (size_t)(slash - path.p)} : otherwise;
}

sheaf_str sheaf_i_last_folder(sheaf_str path)
{
    size_t end = path.n, start;
    while (end && path.p[end - 1] != '/') end--;
    while (end && path.p[end - 1] == '/') end--;
    for (start = end; start && path.p[start - 1] != '/';) start--;
    return (sheaf_str){path.p + start, end - start};
}

/* A folder of archives is labelled by its folders, where it has any. */
sheaf_str sheaf_i_entry_label(const sheaf_i_file *f, sheaf_str entry)
{
    return f->member && f->label.n ? f->label : sheaf_i_first_folder(entry, f->label);
}

static sheaf_status add(walk *w, const char *relative, int64_t size, const char *why)
{
    sheaf_status st = SHEAF_OK;
    sheaf_i_files *f = w->f;
    SHEAF_GROW(f->list, f->ctx, f->n, f->room);
    const char *path = join(f->strings, as_str(w->root), relative);
    const char *name = join(f->strings, w->name, relative);
    const char *id = w->prefix.n ? join(f->strings, w->prefix, relative) : relative;
    if (!path || !name || !id) return SHEAF_ENOMEM;
    sheaf_str top = sheaf_i_last_folder(as_str(id)); /* directly in one of several inputs: that one's own name */
    sheaf_str label = sheaf_i_first_folder(as_str(relative), w->prefix.n ? top : (sheaf_str){"", 0});
    f->list[f->n++] = (sheaf_i_file){path, as_str(name), as_str(id), label, size, true, why};
done:
    return st;
}

/* Where a link leads: NULL if to a file inside the tree. */
static const char *link_trouble(walk *w, const char *path, int64_t *size)
{
    char *real = realpath(path, NULL);
    struct stat info;
    const char *why = NULL;
    if (!real || stat(real, &info)) why = "link that leads nowhere";
    else if (S_ISDIR(info.st_mode)) why = "link to a folder";
    else if (!S_ISREG(info.st_mode)) why = "not a regular file";
    else {
        size_t n = strlen(w->real_root);
        bool inside = !strncmp(real, w->real_root, n) && (real[n] == '/' || (n && w->real_root[n - 1] == '/'));
        if (!inside) why = "link that leads out of the folder";
        *size = info.st_size;
    }
    free(real);
    return why;
}

static sheaf_status visit_entry(walk *w, const char *relative)
{
    sheaf_status st = SHEAF_OK;
    struct stat info;
    const char *path = join(w->f->strings, as_str(w->root), relative);
    if (!path) return SHEAF_ENOMEM;
    if (lstat(path, &info)) return add(w, relative, 0, "unreadable");
    if (S_ISDIR(info.st_mode)) {
        SHEAF_GROW(w->folders, w->f->ctx, w->n_folders, w->room);
        w->folders[w->n_folders++] = relative;
        return SHEAF_OK;
    }
    int64_t size = info.st_size;
    const char *why = S_ISREG(info.st_mode) ? NULL : S_ISLNK(info.st_mode) ? link_trouble(w, path, &size)
                                                                           : "not a regular file";
    st = add(w, relative, size, why);
done:
    return st;
}

static sheaf_status visit_folder(walk *w, const char *relative)
{
    sheaf_status st = SHEAF_OK;
    const char *path = join(w->f->strings, as_str(w->root), relative);
    if (!path) return SHEAF_ENOMEM;
    DIR *d = opendir(path);
    if (!d && !*relative)
        return sheaf_i_fail(w->f->ctx, SHEAF_EIO, "cannot read %s: %s", w->root, strerror(errno));
    if (!d) return add(w, relative, 0, errno == EACCES ? "unreadable: permission denied" : "unreadable");
    for (struct dirent *e; st == SHEAF_OK && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        const char *below = join(w->f->strings, as_str(relative), e->d_name);
        st = below ? visit_entry(w, below) : SHEAF_ENOMEM;
    }
    closedir(d);
    return st;
}

static int by_path(const void *x, const void *y)
{
    return strcmp(((const sheaf_i_file *)x)->path, ((const sheaf_i_file *)y)->path);
}

sheaf_status sheaf_i_walk(sheaf_i_files *f, const char *path, sheaf_str name, sheaf_str prefix)
{
    sheaf_status st = SHEAF_OK;
    walk w = {.f = f, .root = path, .name = name, .prefix = prefix};
    int64_t first = f->n;
    w.real_root = realpath(path, NULL);
    if (!w.real_root) {
        st = sheaf_i_fail(f->ctx, SHEAF_EIO, "cannot read %s: %s", path, strerror(errno));
        goto done;
    }
    SHEAF_GROW(w.folders, f->ctx, w.n_folders, w.room);
    w.folders[w.n_folders++] = "";
    while (w.n_folders) SHEAF_TRY(visit_folder(&w, w.folders[--w.n_folders]));
    if (f->n > first) qsort(f->list + first, (size_t)(f->n - first), sizeof *f->list, by_path);
done:
    free(w.real_root);
    sheaf_i_free(f->ctx, w.folders);
    return st;
}
