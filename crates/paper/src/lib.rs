//! What leaves the house on paper: the letter to an agency (整改意见) as HTML and DOCX, and the roll-up of
//! a region in the official layout as HTML and XLSX.
