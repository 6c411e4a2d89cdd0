"""What viewers are told, in their language."""

from __future__ import annotations

import html

TEXTS = {
    "en": {
        "problem": "This part could not be shown (reference {reference}).",
        "toast": "Something went wrong (reference {reference}). The author can look it up.",
        "needs_live": "This needs the live version.",
        "starting": "Starting the live version…",
        "starting_cell": "Starting the live version… {done} of {all}",
        "queue": "Many people are here just now. Your place in the queue: {place}",
        "paused": "Paused, as nothing was moved for a while. It goes on when you use the page.",
        "lost": "The connection was lost. Connecting again…",
        "partly": "Some parts of this page could not be started.",
        "unreachable": "The live version cannot be reached. Trying again…",
        "waiting": "This app is being prepared.",
        "reload": "The page looks again by itself every half minute.",
    },
    "id": {
        "problem": "Bagian ini tidak dapat ditampilkan (referensi {reference}).",
        "toast": "Terjadi kesalahan (referensi {reference}). Penulis dapat memeriksanya.",
        "needs_live": "Ini perlu versi langsung.",
        "starting": "Memulai versi langsung…",
        "starting_cell": "Memulai versi langsung… {done} dari {all}",
        "queue": "Banyak orang sedang membuka halaman ini. Nomor antrean Anda: {place}",
        "paused": "Dijeda karena lama tidak digunakan. Berlanjut saat Anda memakai halaman ini.",
        "lost": "Koneksi terputus. Menyambungkan kembali…",
        "partly": "Sebagian halaman ini tidak dapat dimulai.",
        "unreachable": "Versi langsung tidak dapat dihubungi. Mencoba lagi…",
        "waiting": "Aplikasi ini sedang disiapkan.",
        "reload": "Halaman ini memuat ulang sendiri setiap setengah menit.",
    },
}


def problem_html(reference: str, language: str) -> str:
    """The friendly sentence in the place of what failed, as HTML."""
    text = TEXTS[language]["problem"].format(reference=reference)
    return f'<p class="nb2space-problem">{html.escape(text)}</p>'
