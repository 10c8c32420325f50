/* The text of an HTML page through libxml2's HTML parser; see document.h.
 *
 * The parser gets the page whole, without network, without external entities (HTML has none), and with its own limits
 * on depth. The tree is walked without recursion. Scripts, styles, navigation and form controls are dropped, block
 * elements end lines, white space is collapsed; <pre> keeps its lines.
 */
#include <libxml/HTMLparser.h>
#include <string.h>
#include <strings.h>

#include "base/context.h"
#include "read/document.h"
#include "read/utf8.h"

#define HTML_LIMIT ((size_t)64 << 20)   /* the tree takes some ten times the page */
#define LOOK 4096                       /* where a page declares its character set */

static const char *const dropped[] = {"script", "style",  "noscript", "template", "nav",      "svg",  "math",
                                      "iframe", "object", "button",   "select",   "textarea", "head"};
static const char *const inline_tags[] = {"a",     "abbr", "acronym", "b",  "bdi",  "bdo",   "big",  "cite",   "code",
                                          "data",  "del",  "dfn",     "em", "font", "i",     "img",  "ins",    "kbd",
                                          "label", "mark", "q",       "s",  "samp", "small", "span", "strike", "strong",
                                          "sub",   "sup",  "time",    "tt", "u",    "var",   "wbr",  "ruby",   "rb"};
/* Paragraph-like: a blank line around them. */
static const char *const paragraphs[] = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "dl",
                                         "table", "article", "section", "hr", "figure", "header", "footer", "aside"};

#define IN(name, list) in_list(name, list, sizeof list / sizeof *list)

static bool in_list(const xmlChar *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp((const char *)name, list[i])) return true;
    return false;
}

typedef struct {
    char *p;
    size_t n, room;
    int breaks;     /* line feeds owed before the next word: 0, 1, 2 */
    bool space;     /* a space is owed */
} writer;

static void put(writer *w, const char *p, size_t n)
{
    if (n > w->room - w->n) n = w->room - w->n; /* cannot be, see the size taken */
    memcpy(w->p + w->n, p, n);
    w->n += n;
}

static void owe(writer *w, int breaks)
{
    if (w->breaks < breaks) w->breaks = breaks;
}

static void settle_debt(writer *w)
{
    if (w->n && w->breaks) put(w, "\n\n", (size_t)w->breaks);
    else if (w->n && w->space) put(w, " ", 1);
    w->breaks = 0;
    w->space = false;
}

static void put_text(writer *w, const char *s, bool as_is)
{
    for (; *s; s++) {
        bool white = *s == ' ' || (*s >= '\t' && *s <= '\r');
        if (white && as_is && *s == '\n') owe(w, 1);
        else if (white) w->space = true;
        else {
            settle_debt(w);
            put(w, s, 1);
        }
    }
}

static void enter(writer *w, const xmlNode *x, bool *inside_pre)
{
    if (x->type == XML_TEXT_NODE || x->type == XML_CDATA_SECTION_NODE) {
        if (x->content) put_text(w, (const char *)x->content, *inside_pre);
        return;
    }
    if (x->type != XML_ELEMENT_NODE) return;
    if (!strcasecmp((const char *)x->name, "pre")) *inside_pre = true;
    if (!strcasecmp((const char *)x->name, "td") || !strcasecmp((const char *)x->name, "th")) w->space = true;
    else if (IN(x->name, paragraphs)) owe(w, 2);
    else if (!IN(x->name, inline_tags)) owe(w, 1);
}

static void leave(writer *w, const xmlNode *x, bool *inside_pre)
{
    if (x->type != XML_ELEMENT_NODE) return;
    if (!strcasecmp((const char *)x->name, "pre")) *inside_pre = false;
    if (!strcasecmp((const char *)x->name, "td") || !strcasecmp((const char *)x->name, "th")) w->space = true;
    else if (IN(x->name, paragraphs)) owe(w, 2);
    else if (!IN(x->name, inline_tags)) owe(w, 1);
}

static bool opens(const xmlNode *x)
{
    return x->children && x->type != XML_ENTITY_REF_NODE && x->type != XML_DTD_NODE &&
           !(x->type == XML_ELEMENT_NODE && IN(x->name, dropped));
}

static void write_tree(writer *w, const xmlNode *root)
{
    bool inside_pre = false;
    const xmlNode *x = root;
    while (x) {
        enter(w, x, &inside_pre);
        if (opens(x)) {
            x = x->children;
            continue;
        }
        while (x != root && !x->next) {
            leave(w, x, &inside_pre);
            x = x->parent;
        }
        leave(w, x, &inside_pre);
        if (x == root) break;
        x = x->next;
    }
}

/* The first element of that name, in document order. */
static const xmlNode *find(const xmlNode *root, const char *name)
{
    for (const xmlNode *x = root; x;) {
        if (x->type == XML_ELEMENT_NODE && !strcasecmp((const char *)x->name, name)) return x;
        if (x->type == XML_ELEMENT_NODE && x->children) {
            x = x->children;
            continue;
        }
        while (x != root && !x->next) x = x->parent;
        if (x == root) return NULL;
        x = x->next;
    }
    return NULL;
}

static bool mentions_charset(sheaf_str s)
{
    size_t n = s.n < LOOK ? s.n : LOOK;
    for (size_t i = 0; i + 7 <= n; i++)
        if (!strncasecmp(s.p + i, "charset", 7)) return true;
    return false;
}

static sheaf_status write_text(sheaf_i_arena *a, const xmlNode *root, size_t room, sheaf_str *out)
{
    writer w = {.room = room};
    w.p = sheaf_i_arena_take(a, room, 1);
    if (!w.p) return SHEAF_ENOMEM;
    write_tree(&w, root);
    *out = (sheaf_str){w.p, w.n};
    return SHEAF_OK;
}

static size_t text_bytes(const xmlNode *root)
{
    size_t n = 16;
    for (const xmlNode *x = root; x;) {
        if ((x->type == XML_TEXT_NODE || x->type == XML_CDATA_SECTION_NODE) && x->content)
            n += strlen((const char *)x->content);
        n += 2; /* a node owes at most a blank line */
        if (opens(x)) {
            x = x->children;
            continue;
        }
        while (x != root && !x->next) {
            x = x->parent;
            n += 2;
        }
        if (x == root) break;
        x = x->next;
    }
    return n;
}

sheaf_status sheaf_i_html(sheaf_i_arena *a, sheaf_str bytes, sheaf_str *text, sheaf_str *title, int64_t *replaced,
                          const char **why)
{
    sheaf_status st = SHEAF_OK;
    htmlDocPtr doc = NULL;
    *why = NULL;
    *title = (sheaf_str){"", 0};
    if (bytes.n > HTML_LIMIT) {
        *why = "too large: an HTML page of more than 64 MiB";
        return SHEAF_OK;
    }
    /* What is UTF-8 is read as such whatever it declares (ASCII may stand for anything declared); what is neither
       UTF-8 nor declares a set is repaired: no set is guessed. */
    size_t good = sheaf_i_utf8_valid(bytes.p, bytes.n), ascii = 0;
    while (ascii < bytes.n && !(bytes.p[ascii] & 0x80)) ascii++;
    bool declared = mentions_charset(bytes);
    if (good < bytes.n && !declared) SHEAF_TRY(sheaf_i_utf8_clean(a, &bytes, replaced));
    const char *encoding = declared && (good < bytes.n || ascii == bytes.n) ? NULL : "UTF-8";
    doc = htmlReadMemory(bytes.p, (int)bytes.n, NULL, encoding,
                         HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
    const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
    if (!root) {
        *why = "no HTML in it";
        goto done;
    }
    const xmlNode *head_title = find(root, "title"), *body = find(root, "body");
    if (head_title) SHEAF_TRY(write_text(a, head_title, text_bytes(head_title), title));
    if (!body) body = root;
    st = write_text(a, body, text_bytes(body), text);
done:
    xmlFreeDoc(doc);
    return st;
}
