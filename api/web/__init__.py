"""What all pages of people who sign in stand on: cookies, doors, forms, layout and components. The README is for authors of pages."""
